/**
 * A canvas at the size and resolution that it is shown in, empty. Its memory is kept while the size is: a new one each time costs more than
 * what is drawn. Called by what draws the waterfall and the flame.
 */
export function sizedContext(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | undefined {
  const ratio = window.devicePixelRatio
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)]
  const context = canvas.getContext('2d')
  if (context === null) return undefined
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across
    canvas.height = down
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
  } else {
    context.reset()
  }
  context.scale(ratio, ratio)
  return context
}
