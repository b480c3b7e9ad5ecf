/** Turns `const x_1 = require("x")`, as TypeScript compiles imports and re-exports, into a require at the first use of x_1. */

const declaration =
  /^(?:const|var) (\w+_\d+) = (?:(__importDefault|__importStar)\()?require\("([^"]+)"\)\)?;$/gm;

/**
 * Safe for what TypeScript compiled only: there every use reads a property of the variable. Modules that are required
 * for their effect alone (`require("x");`) stay as they are.
 *
 * @param text a CommonJS module
 * @param load makes the expression that loads a module; by default the same require
 * @returns the module, with each import a function that loads once
 */
export function lazyRequires(text, load = (specifier) => `require(${JSON.stringify(specifier)})`) {
  const names = [];
  const declared = text.replace(declaration, (_, name, interop, specifier) => {
    names.push(name);
    const loading = interop === undefined ? load(specifier) : `${interop}(${load(specifier)})`;
    return `let $${name}; const ${name} = () => ($${name} ??= ${loading});`;
  });
  return names.reduce(
    // In parentheses, so that `new x_1.X()` constructs X and not x_1.
    (result, name) => result.replace(new RegExp(`(?<![\\w$])${name}\\b(?! = \\(\\) =>)`, 'g'), `(${name}())`),
    declared,
  );
}
