import { listLines, projectFields } from '../render/document-fields.js';
import type { ListDocument, SdctlDocument } from '../render/document-types.js';
import { toJson } from '../render/safe-text.js';
import type { OutputFormat } from '../render/view.js';
import { fieldNames, unknownFields, type ListFlags } from './print-list.js';

/** Whether a format prints a document and not rows. */
export function isDocumentFormat(format: OutputFormat): format is 'json' | 'jsonl' | 'yaml' {
  return format === 'json' || format === 'jsonl' || format === 'yaml';
}

/** A list as json, jsonl or yaml, with `--fields` applied. @throws {SdctlError} E_USAGE for unknown fields */
export async function listDocumentText(
  document: ListDocument,
  format: 'json' | 'jsonl' | 'yaml',
  flags: ListFlags,
): Promise<string> {
  const names = fieldNames(flags);
  const projection = names === null ? { ok: true as const, document } : projectFields(document, names);
  if (!projection.ok) throw unknownFields(projection.unknown, projection.valid);
  if (format !== 'jsonl') return documentText(projection.document, format);
  let text = '';
  for (const line of listLines(projection.document)) text += `${line}\n`;
  return text;
}

/** One document as json, one json line, or yaml. */
export async function documentText(
  document: SdctlDocument | object,
  format: 'json' | 'jsonl' | 'yaml',
): Promise<string> {
  if (format === 'yaml') {
    const { toYaml } = await import('../render/yaml-text.js');
    return toYaml(document);
  }
  return `${toJson(document, format === 'json' ? { indent: 2 } : {})}\n`;
}
