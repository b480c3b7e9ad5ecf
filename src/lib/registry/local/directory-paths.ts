import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Revision } from '../../model/instance.js';
import { decodeName, encodeName } from './file-names.js';
import { isMissing } from './map-error.js';
import type { EntryName, Stored } from './store.js';

const SUFFIX = '.json';

/** Where things lie in a registry directory. */
export class DirectoryPaths {
  readonly root: string;
  readonly services: string;
  readonly temporaries: string;
  readonly revisionFile: string;

  constructor(root: string) {
    this.root = root;
    this.services = join(root, 'services');
    this.temporaries = join(root, 'tmp');
    this.revisionFile = join(root, 'revision');
  }

  folderOf(service: string): string {
    return join(this.services, encodeName(service));
  }

  fileOf(name: EntryName): string {
    return join(this.folderOf(name.service), encodeName(name.id) + SUFFIX);
  }

  /** Revision of the last write; `0` before the first one. */
  readRevision(): Revision {
    try {
      const text = readFileSync(this.revisionFile, 'utf8').trim();
      return /^\d{1,30}$/.test(text) ? text : '0';
    } catch (error) {
      if (isMissing(error)) return '0';
      throw error;
    }
  }
}

/** The service that a folder below `services` stands for; null when its name does not tell. */
export function serviceOfFolder(folder: string): string | null {
  const decoded = decodeName(basename(folder));
  return decoded.type === 'name' ? decoded.name : null;
}

/** Why an entry that was read cannot be the one its file name stands for; null when all is well. */
export function misplaced(stored: Stored): string | null {
  if (stored.state === 'unreadable') return null;
  const file = basename(stored.key);
  const folder = basename(dirname(stored.key));
  const fits = file === encodeName(stored.id) + SUFFIX && folder === encodeName(stored.service);
  return fits ? null : 'the entry of another name (a copied file?)';
}
