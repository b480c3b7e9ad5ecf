import { replaceHidden, toJson } from './safe-text.js';

const PLAIN = /^[\x20-\x7e]*$/;

/**
 * YAML with the content of `toJson`. Text with a character that would be escaped stands in double quotes, where YAML
 * has the same escapes; words that older readers take for booleans are quoted too. Loads the YAML writer on first
 * use. Ends with a newline.
 */
export async function toYaml(value: unknown): Promise<string> {
  const { Document, visit } = await import('yaml');
  const plain: unknown = JSON.parse(toJson(value));
  const document = new Document(plain, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && mustQuote(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true, blockQuote: false });
  return replaceHidden(text, escapeCharacter);
}

function mustQuote(text: string): boolean {
  return !PLAIN.test(text) && (text.includes('\n') || replaceHidden(text, () => '') !== text);
}

// Unlike JSON, YAML has no surrogate pairs: a character beyond 16 bits is one escape.
function escapeCharacter(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
