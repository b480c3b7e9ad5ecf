import type { Dialog, PaneName, Place, ScreenName, Size } from '../model/paint-model.js';
import type { Sort } from './sorting.js';

/** What one place remembers while somebody looks elsewhere. */
export interface Visit {
  readonly place: Place;
  /** null: nobody has chosen yet, the first row is taken. */
  readonly selectedKey: string | null;
  /** Where it was last, for when it goes. */
  readonly selectedIndex: number;
  readonly top: number;
  readonly filter: string;
  readonly problemsOnly: boolean;
  readonly sort: Sort;
  /** doctor: the least severity; events: one type; empty: all. */
  readonly narrowed: string;
}

/** Where keys are typed into. */
export interface PromptState {
  readonly kind: 'filter' | 'command';
  readonly text: string;
}

export interface Message {
  readonly text: string;
  readonly level: 'info' | 'warning' | 'error';
  /** Monotonic milliseconds after which it goes. */
  readonly untilMs: number;
  /** Of the registry: the next outage is more important. */
  readonly isNews?: true;
}

/** What follows from what the user did. Nothing of the registry is in it. */
export interface ViewState {
  readonly size: Size;
  readonly ascii: boolean;
  readonly wide: boolean;
  readonly isPaused: boolean;
  readonly history: readonly Visit[];
  readonly at: number;
  readonly sorts: Readonly<Partial<Record<ScreenName, Sort>>>;
  readonly marks: ReadonlySet<string>;
  readonly focus: PaneName;
  readonly prompt: PromptState | null;
  readonly dialog: Dialog | null;
  readonly message: Message | null;
}
