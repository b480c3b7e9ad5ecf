/** The interactive view; minutes, because it is watched while it works and while it rests. */
import type { Row } from '../row.js';
import { measureView } from '../view/frames.js';

export const viewRow: Row = { name: 'view', measure: measureView };
