/** How a chip is laid out. Every tile is a crossbar of `rows` × `columns` cells. */
export interface ChipGeometry {
  readonly tiles: number;
  readonly rows: number;
  readonly columns: number;
  /** Four for two pairs: G+, G−, g+, g−, in this order. */
  readonly devicesPerCell: number;
}

/**
 * A rectangular block of one tile: whole rows, all devices of every cell. Arrays over a block are row-major:
 * row, column, device.
 */
export interface Block {
  readonly tile: number;
  readonly rowStart: number;
  readonly rowCount: number;
}

/** Devices on one row of cells: what one row pulse can reach at once. */
export function devicesPerRow(geometry: ChipGeometry): number {
  return geometry.columns * geometry.devicesPerCell;
}

export function devicesOfTile(geometry: ChipGeometry): number {
  return geometry.rows * devicesPerRow(geometry);
}

export function devicesOfBlock(geometry: ChipGeometry, block: Block): number {
  return block.rowCount * devicesPerRow(geometry);
}

export function wholeTile(geometry: ChipGeometry, tile: number): Block {
  return { tile, rowStart: 0, rowCount: geometry.rows };
}

export function sameGeometry(a: ChipGeometry, b: ChipGeometry): boolean {
  return (
    a.tiles === b.tiles &&
    a.rows === b.rows &&
    a.columns === b.columns &&
    a.devicesPerCell === b.devicesPerCell
  );
}

export function formatGeometry(geometry: ChipGeometry): string {
  const { tiles, rows, columns, devicesPerCell } = geometry;
  return `${tiles} ${tiles === 1 ? "tile" : "tiles"} of ${rows} × ${columns} cells × ${devicesPerCell} devices`;
}
