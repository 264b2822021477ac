// The cheapest pairs of rows and columns (Kuhn 1955), by shortest augmenting paths as SciPy's
// linear_sum_assignment finds them, so that of equal solutions both find the same.

/** Returns [row, column] pairs of a matrix of costs, given as rows; each row or column of the fewer has one. */
export function assign(costs) {
  if (!costs.length || !costs[0].length) return [];
  if (costs.length > costs[0].length) {
    const turned = costs[0].map((_, column) => costs.map((row) => row[column]));
    return assign(turned).map(([column, row]) => [row, column]).sort(([one], [other]) => one - other);
  }
  const [rows, columns] = [costs.length, costs[0].length];
  const state = {
    costs, columns,
    ofRow: new Float64Array(rows), // dual variables
    ofColumn: new Float64Array(columns),
    columnOf: new Int32Array(rows).fill(-1),
    rowOf: new Int32Array(columns).fill(-1),
  };
  for (let row = 0; row < rows; row++) augment(state, row);
  return Array.from(state.columnOf, (column, row) => [row, column]);
}

/** Finds a column for another row, and other ones for the rows that it displaces. */
function augment(state, start) {
  const { costs, columns, ofRow, ofColumn, columnOf, rowOf } = state;
  const shortest = new Float64Array(columns).fill(Infinity);
  const path = new Int32Array(columns).fill(-1);
  const [seenRows, seenColumns] = [new Set(), new Set()];
  const remaining = Array.from({ length: columns }, (_, i) => columns - 1 - i);
  let [row, least, sink] = [start, 0, -1];
  while (sink === -1) {
    seenRows.add(row);
    let [chosen, lowest] = [-1, Infinity];
    remaining.forEach((column, index) => {
      const length = least + costs[row][column] - ofRow[row] - ofColumn[column];
      if (length < shortest[column]) [path[column], shortest[column]] = [row, length];
      if (shortest[column] < lowest || (shortest[column] === lowest && rowOf[column] === -1)) [lowest, chosen] = [shortest[column], index];
    });
    least = lowest;
    const column = remaining[chosen];
    if (rowOf[column] === -1) sink = column;
    else row = rowOf[column];
    seenColumns.add(column);
    remaining[chosen] = remaining.at(-1);
    remaining.pop();
  }
  for (const seen of seenRows) ofRow[seen] += seen === start ? least : least - shortest[columnOf[seen]];
  for (const column of seenColumns) ofColumn[column] -= least - shortest[column];
  for (let column = sink; ; ) {
    const from = path[column];
    rowOf[column] = from;
    [columnOf[from], column] = [column, columnOf[from]];
    if (from === start) break;
  }
}
