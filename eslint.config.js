import comments from '@eslint-community/eslint-plugin-eslint-comments';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { architecture } from './scripts/lint/architecture.mjs';

const noDefaultExport = [
  { selector: 'ExportDefaultDeclaration', message: 'oclif commands alone have a default export' },
  {
    selector: 'ExportSpecifier[exported.name="default"]',
    message: 'oclif commands alone have a default export',
  },
];

const config = tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', '**/*.d.mts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'eslint-comments': comments, 'import-x': importX, architecture },
    settings: {
      'import-x/extensions': ['.ts', '.tsx', '.js', '.mjs'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/resolver-next': [
        createNodeResolver({ extensionAlias: { '.js': ['.ts', '.tsx', '.js'], '.mjs': ['.mjs'] } }),
      ],
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A method of the port is async because the port says so, not because this backend has to wait.
      '@typescript-eslint/require-await': 'off',
      // Ports and options take functions with fewer parameters; `_name` says that one is left out on purpose.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      'eslint-comments/require-description': 'error',
      'eslint-comments/no-unlimited-disable': 'error',
      'import-x/no-cycle': 'error',
      'no-restricted-syntax': ['error', ...noDefaultExport],
      'architecture/imports': 'error',
      'architecture/process-global': 'error',
      // `== null` asks for both kinds of nothing at once.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      // `() => resolve()` hands nothing on that anybody could mistake for a value.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  // oclif finds a command by the default export of its file; the tools read their settings so.
  {
    files: ['src/commands/**', '*.config.{js,ts}', 'vitest.*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  // Plain JavaScript is outside the TypeScript project.
  { files: ['**/*.{js,mjs}'], extends: [tseslint.configs.disableTypeChecked] },
  // The one CommonJS file, which is copied beside what it loads.
  {
    files: ['**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);

export { config as default };
