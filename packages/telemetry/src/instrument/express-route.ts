/**
 * The template of an Express request's route. A handler tells its own part, `/items/:item`; those of the routers around it, `/shops/:shop`, are
 * told by themselves, before or afterwards, among those of middleware. They are put together by the path that the routers have taken off.
 */
export class ExpressRoute {
  readonly #mounts: string[] = []
  #route: string | undefined = undefined
  #base = ''

  /** A router or middleware was mounted at `path`. */
  mounted(path: string): void {
    if (path !== '/' && this.#mounts.length < maxMounts && !this.#mounts.includes(path))
      this.#mounts.push(path)
  }

  /** A handler of `route` was called behind the path `base`. */
  handled(route: string, base: string): void {
    this.#route = route
    this.#base = base
  }

  /** Undefined as long as parts are missing. */
  template(): string | undefined {
    if (this.#route === undefined) return undefined
    let left = segments(this.#base)
    let prefix = ''
    while (left.length > 0) {
      const mount = this.#mounts.find((path) => endsWith(left, segments(path)))
      if (mount === undefined) return undefined
      prefix = mount.replace(/\/$/, '') + prefix
      left = left.slice(0, -segments(mount).length)
    }
    return prefix !== '' && this.#route === '/' ? prefix : prefix + this.#route
  }
}

/** Of one request; a program that mounts more around a handler has requests without a route. */
const maxMounts = 32

function segments(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '')
}

function endsWith(path: readonly string[], template: readonly string[]): boolean {
  const offset = path.length - template.length
  return (
    template.length > 0 &&
    offset >= 0 &&
    template.every(
      (segment, i) => segment.startsWith(':') || segment.toLowerCase() === path[offset + i]!.toLowerCase(),
    )
  )
}
