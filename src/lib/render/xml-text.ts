import { safeName } from './safe-text.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/**
 * Untrusted text for an attribute or the content of an element. What XML cannot hold at all (controls, lone surrogates)
 * or a reader cannot see is escaped as on a terminal; one line.
 */
export function xmlText(value: string, max = 1_000): string {
  return safeName(value, { max }).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** An element with text attributes, untrusted; its content is XML already. */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content = '',
): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(String(value))}"`);
  const open = `<${name}${pairs.join('')}`;
  return content === '' ? `${open}/>` : `${open}>${content}</${name}>`;
}
