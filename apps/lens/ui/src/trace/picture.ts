/**
 * A picture on a canvas, in the resolution that it is shown in. It is drawn aside and handed over whole, as a canvas that has a context to draw with is
 * copied at each frame in which anything moves on the page, were it long drawn. Called by what draws the waterfall, the flame and the minimap.
 */
export type Drawing = OffscreenCanvasRenderingContext2D

/** Where all are drawn, one after the other. */
let aside: OffscreenCanvas | undefined

/** `width` and `height` in CSS pixels, which are the units of `draw` too. */
export function drawPicture(
  canvas: HTMLCanvasElement,
  { width, height }: { readonly width: number; readonly height: number },
  draw: (context: Drawing) => void,
): void {
  const ratio = window.devicePixelRatio
  const across = Math.max(1, Math.round(width * ratio))
  const down = Math.max(1, Math.round(height * ratio))
  aside ??= new OffscreenCanvas(across, down)
  const context = aside.getContext('2d')
  const shown = canvas.getContext('bitmaprenderer')
  if (context === null || shown === null) return
  for (const surface of [aside, canvas]) {
    if (surface.width !== across) surface.width = across
    if (surface.height !== down) surface.height = down
  }
  context.reset()
  context.scale(ratio, ratio)
  draw(context)
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  shown.transferFromImageBitmap(aside.transferToImageBitmap())
}
