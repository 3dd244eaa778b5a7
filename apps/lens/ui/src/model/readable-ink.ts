/** Black or white, whichever can be read on a colour; one of them always has a contrast of 4.5. Called where text lies on a service's colour. */
const known = new Map<string, string>()

/** `color` as the browser resolves it: `rgb(136, 105, 94)`. */
export function readableOn(color: string): string {
  const ink = known.get(color) ?? (luminance(color) > MIDDLE ? '#000' : '#fff')
  known.set(color, ink)
  return ink
}

/** As far from white as from black, by WCAG's ratio. */
const MIDDLE = Math.sqrt(1.05 * 0.05) - 0.05

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => {
    const value = Number(part) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
