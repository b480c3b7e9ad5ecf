import { Box, Text } from 'ink';
import { Component, createElement as h, type ReactNode } from 'react';
import type { ChromePart } from '../model/frame.js';
import type { Dress, Size } from '../model/paint-model.js';
import { partLines } from './part-lines.js';

interface ChromeProps {
  readonly parts: readonly ChromePart[];
  readonly size: Size;
  readonly dress: Dress;
}

/** All parts, each at its own place. */
export function Chrome({ parts, size, dress }: ChromeProps): ReactNode {
  const placed = parts.map((part, index) => h(PlacedPart, { key: index, part, size, dress }));
  return h(Box, { width: size.columns, height: size.rows }, placed);
}

interface PlacedPartProps {
  readonly part: ChromePart;
  readonly size: Size;
  readonly dress: Dress;
}

function PlacedPart({ part, size, dress }: PlacedPartProps): ReactNode {
  const { top, left } = part.area;
  const width = Math.min(part.area.width, size.columns - left);
  const height = Math.min(part.area.height, size.rows - top);
  if (width <= 0 || height <= 0) return null;
  // Ink leaves blank lines out.
  const lines = partLines(part, width, dress).slice(0, height);
  const box = { position: 'absolute', marginLeft: left, marginTop: top, width, height } as const;
  return h(
    Box,
    { ...box, flexDirection: 'column' },
    lines.map((line, row) => h(Text, { key: row }, line === '' ? ' ' : line)),
  );
}

interface BoundaryProps {
  readonly onError: (error: unknown) => void;
  readonly children?: ReactNode;
}

/** Hands on what a part throws, at once; ink would print it. */
export class ChromeBoundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override readonly state = { failed: false };

  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(error: unknown): void {
    this.props.onError(error);
  }

  override render(): ReactNode {
    return this.state.failed ? null : this.props.children;
  }
}
