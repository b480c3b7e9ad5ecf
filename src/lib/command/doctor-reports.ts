import { appendFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import type { Inventory } from '../config/inventory.js';
import { SdctlError } from '../errors.js';
import type { DoctorReport } from '../model/doctor-report.js';
import type { ReportPlace } from '../render/doctor-place.js';
import { toJson } from '../render/safe-text.js';
import type { View } from '../render/view.js';
import { replaceFile } from './replace-file.js';
import { usageError } from './usage.js';

/** The forms of a report; `-o` and `--report` take the same words. */
const reportFormats = ['text', 'json', 'jsonl', 'junit', 'sarif', 'github', 'markdown'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** A report that goes into a file. */
export interface FileReport {
  readonly format: ReportFormat;
  readonly file: string;
}

/** What reports need beside the report. */
export interface ReportContext {
  readonly view: View;
  readonly verbose: boolean;
  /** Of sdctl. */
  readonly version: string;
  readonly place: ReportPlace | null;
}

/** @throws {SdctlError} E_USAGE */
export function reportFormatOf(flag: string, word: string): ReportFormat {
  const format = reportFormats.find((known) => known === word);
  if (format === undefined)
    throw usageError(`${flag} ${word} is not valid`, `valid: ${reportFormats.join(', ')}`, `${flag} text`);
  return format;
}

/** Every `--report`. @throws {SdctlError} E_USAGE, also for two of them in one file */
export function fileReportsOf(texts: readonly string[]): readonly FileReport[] {
  const reports = texts.map(fileReportOf);
  const files = reports.map(({ file }) => resolve(file));
  const twice = reports.find((_report, index) => files.indexOf(files[index] ?? '') !== index);
  if (twice === undefined) return reports;
  throw usageError(`${twice.file} is to hold two reports`, 'the second would replace the first');
}

/** `junit=report.xml`. @throws {SdctlError} E_USAGE */
function fileReportOf(text: string): FileReport {
  const cut = text.indexOf('=');
  if (cut <= 0 || cut === text.length - 1)
    throw usageError(
      `--report ${text} names no file`,
      'it is written FORMAT=FILE',
      '--report junit=report.xml',
    );
  return { format: reportFormatOf('--report', text.slice(0, cut)), file: text.slice(cut + 1) };
}

/** One report as text. */
export async function reportText(
  report: DoctorReport,
  format: ReportFormat,
  { view, verbose, version, place }: ReportContext,
): Promise<string> {
  switch (format) {
    case 'text':
      return (await import('../render/doctor-text.js')).doctorText(report, view, { verbose });
    case 'json': {
      const { doctorDocument } = await import('../render/doctor-document.js');
      return `${toJson(doctorDocument(report), { indent: 2 })}\n`;
    }
    case 'jsonl': {
      const { doctorLines } = await import('../render/doctor-document.js');
      return [...doctorLines(report)].map((line) => `${toJson(line)}\n`).join('');
    }
    case 'junit':
      return (await import('../render/doctor-junit.js')).doctorJunit(report);
    case 'sarif':
      return (await import('../render/doctor-sarif.js')).doctorSarif(report, { version, place });
    case 'github':
      return (await import('../render/doctor-github.js')).doctorAnnotations(report, place);
    case 'markdown':
      return (await import('../render/doctor-markdown.js')).doctorMarkdown(report);
  }
}

/** Writes a report into its file, all of it or nothing. @throws {SdctlError} E_FILE */
export async function writeReport(
  report: DoctorReport,
  { format, file }: FileReport,
  context: ReportContext,
): Promise<void> {
  // A file is read elsewhere: no colour, and nothing of this terminal's width.
  const view: View = { ...context.view, color: false, width: 120 };
  const text = await reportText(report, format, { ...context, view });
  try {
    replaceFile(file, text, null);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SdctlError('E_FILE', `cannot write the report ${file}`, {
      why: code ?? message,
      hint: '--report with another path',
      cause: error,
    });
  }
}

/** Appends the whole table to the summary of a step, where GitHub names its file. @returns why it could not */
export async function writeStepSummary(
  report: DoctorReport,
  file: string | undefined,
): Promise<string | null> {
  if (!file) return null;
  const { doctorMarkdown } = await import('../render/doctor-markdown.js');
  try {
    appendFileSync(file, doctorMarkdown(report));
    return null;
  } catch (error) {
    return `${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}

/** What may say where findings are shown. */
export interface PlaceSources {
  readonly inventoryFile: string | undefined;
  readonly inventory: Inventory | null;
  readonly sarifFile: string | undefined;
  /** Root of the checkout; undefined: the folder that the run is in. */
  readonly checkout: string | undefined;
}

/** The file that findings point to: the inventory, else the one that was named. */
export function placeOf({ inventoryFile, inventory, sarifFile, checkout }: PlaceSources): ReportPlace | null {
  const file = inventoryFile ?? sarifFile;
  if (file === undefined) return null;
  return {
    path: pathBelow(checkout, file).split(sep).join('/'),
    regionOf: (service) => {
      const region = inventory?.regions.get(service);
      return region === undefined
        ? null
        : { line: region.line, column: region.column, endColumn: region.endColumn };
    },
  };
}

/** A step may run in a folder of the checkout; its readers count from the root. */
function pathBelow(checkout: string | undefined, file: string): string {
  const path = relative(checkout || '.', file);
  return path.startsWith('..') ? relative('.', file) : path;
}
