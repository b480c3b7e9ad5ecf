import type { PaneName } from './paint-model.js';

/** A rectangle of cells, counted from 0. */
export interface Area {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Something that ink draws. It changes only with what the user does, never with the registry: ink keeps every text
 * that it has measured for good.
 */
export type ChromePart =
  /** A rule with a title at its left, bold while its pane has the focus. */
  | { readonly kind: 'title'; readonly area: Area; readonly text: string; readonly isFocused: boolean }
  /** A vertical line between two panes. */
  | { readonly kind: 'divider'; readonly area: Area }
  /** One line: keys that work here, dim words. */
  | {
      readonly kind: 'keys';
      readonly area: Area;
      readonly keys: readonly { readonly key: string; readonly does: string }[];
    }
  /** A line that is being typed, with its cursor at the end. */
  | {
      readonly kind: 'prompt';
      readonly area: Area;
      readonly label: string;
      readonly text: string;
      readonly completion: string;
      readonly problem: string | null;
    }
  /** Whole lines of a dialog or of the help; text is safe. */
  | { readonly kind: 'lines'; readonly area: Area; readonly lines: readonly string[] };

/** One picture: what ink draws around, and the lines of the places that it leaves free. */
export interface Frame {
  readonly chrome: readonly ChromePart[];
  /** Finished lines, exactly as wide as their area (colours not counted), one for each of its rows. */
  readonly slots: readonly { readonly area: Area; readonly lines: readonly string[] }[];
}

/** Where the panes of a place are at a size: for paging and for the focus. */
export interface Panes {
  /** Rows of the table that are visible at once; 0: no table. */
  readonly tableRows: number;
  /** In the order of Tab; the first one is the table. */
  readonly panes: readonly PaneName[];
}
