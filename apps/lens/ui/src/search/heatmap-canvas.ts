/** Draws the heatmap's cells: counts by lightness, the share that failed in the colour of errors and hatched, so that it does not need the colour. */
import { type HeatGrid, inkOf } from '../model/heatmap.ts'
import type { ThemeColors } from '../ui/use-theme-colors.ts'

export function drawHeatmap(
  canvas: HTMLCanvasElement,
  grid: HeatGrid,
  { width, height }: { readonly width: number; readonly height: number },
  colors: ThemeColors,
): void {
  const ratio = devicePixelRatio
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')!
  const cells = new CellPainter(context, colors)
  const { columns, rows, counts, errors, most } = grid
  // Edges on whole pixels, so that neighbours neither overlap nor leave a seam.
  const x = (column: number) => Math.round((column / columns) * canvas.width)
  const y = (row: number) => Math.round((1 - row / rows.length) * canvas.height)
  const gap = x(1) - x(0) > 4 ? 1 : 0
  for (let row = 0; row < rows.length; row++) {
    const top = y(row + 1)
    const tall = Math.max(1, y(row) - top - gap)
    for (let column = 0; column < columns; column++) {
      const count = counts[row * columns + column]!
      if (count === 0) continue
      const left = x(column)
      const wide = Math.max(1, x(column + 1) - left - gap)
      const failed = errors[row * columns + column]!
      cells.paint({ left, top, wide, tall }, inkOf(count, most), failed / count)
    }
  }
}

interface Box {
  readonly left: number
  readonly top: number
  readonly wide: number
  readonly tall: number
}

class CellPainter {
  readonly #context: CanvasRenderingContext2D
  readonly #colors: ThemeColors

  constructor(context: CanvasRenderingContext2D, colors: ThemeColors) {
    this.#context = context
    this.#colors = colors
  }

  /** `ink` and `failed` from 0 to 1. The failed part stands on the left, at least as wide as can be seen. */
  paint({ left, top, wide, tall }: Box, ink: number, failed: number): void {
    const context = this.#context
    const red = failed === 0 ? 0 : Math.min(wide, Math.max(Math.min(wide, 3), Math.round(wide * failed)))
    context.globalAlpha = ink
    context.fillStyle = this.#colors.ink
    if (red < wide) context.fillRect(left + red, top, wide - red, tall)
    if (red === 0) return
    context.globalAlpha = Math.max(0.6, ink)
    context.fillStyle = this.#colors.error
    context.fillRect(left, top, red, tall)
    this.#hatch({ left, top, wide: red, tall })
  }

  #hatch({ left, top, wide, tall }: Box): void {
    const context = this.#context
    context.save()
    context.globalAlpha = 0.55
    context.beginPath()
    context.rect(left, top, wide, tall)
    context.clip()
    context.beginPath()
    for (let at = -tall; at < wide; at += 5) {
      context.moveTo(left + at, top + tall)
      context.lineTo(left + at + tall, top)
    }
    context.strokeStyle = this.#colors.surface
    context.lineWidth = 1.5
    context.stroke()
    context.restore()
  }
}
