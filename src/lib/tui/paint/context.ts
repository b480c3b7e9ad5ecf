import type { View } from '../../render/view.js';
import type { PaintModel } from '../model/paint-model.js';
import type { Area } from '../model/frame.js';
import { glyphsOf, type Glyphs } from './glyphs.js';
import { LineBuilder, type Spans } from './line.js';
import type { Style } from './style.js';

/** What every painter of one frame needs. */
export interface PaintContext {
  readonly model: PaintModel;
  readonly ascii: boolean;
  readonly glyphs: Glyphs;
  /** For functions that dress text for other outputs; without colour, since lines are coloured here. */
  readonly view: View;
  /** Nothing was heard for a while: bars stand still, and ages are not to be trusted. */
  readonly isStale: boolean;
  /** A terminal with room for long bars and half an hour of churn. */
  readonly isBig: boolean;
}

const BIG = 160;

export function contextOf(model: PaintModel): PaintContext {
  const { ascii } = model.dress;
  const { columns } = model.size;
  return {
    model,
    ascii,
    glyphs: glyphsOf(ascii),
    view: {
      format: 'table',
      width: columns,
      color: false,
      ascii,
      plain: false,
      headers: null,
      nowMs: model.nowMs,
    },
    isStale: model.connection.kind === 'stale',
    isBig: columns >= BIG,
  };
}

/** A line of an area, to be written. */
export function lineIn(context: PaintContext, area: Pick<Area, 'left' | 'width'>, base?: Style): LineBuilder {
  const { model, glyphs } = context;
  return new LineBuilder(
    {
      left: area.left,
      width: area.width,
      columns: model.size.columns,
      color: model.dress.color,
      ellipsis: glyphs.ellipsis,
    },
    base,
  );
}

/** An area filled with lines from its top; what is left stays blank, what is too much is left out. */
export function fill(context: PaintContext, area: Area, lines: readonly Spans[]): readonly string[] {
  const painted: string[] = [];
  for (let row = 0; row < area.height; row += 1) {
    painted.push(
      lineIn(context, area)
        .all(lines[row] ?? [])
        .finish(),
    );
  }
  return painted;
}
