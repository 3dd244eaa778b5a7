/** UInt8 of ClickHouse's Native format, written by row number as the columns of columns.ts. */

import type { RowColumn } from './columns.ts'

export class UInt8Column implements RowColumn {
  readonly type = 'UInt8'
  values: Uint8Array

  constructor(rows: number) {
    this.values = new Uint8Array(rows)
  }

  reserve(rows: number): void {
    if (rows <= this.values.length) return
    const larger = new Uint8Array(Math.max(rows, this.values.length * 2))
    larger.set(this.values)
    this.values = larger
  }

  encode(rows: number): readonly Uint8Array[] {
    return [this.values.subarray(0, rows)]
  }
}
