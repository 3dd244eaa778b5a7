/**
 * Names of tenants and users as a part of a path. Names are any text: one that is empty, or of dots alone, which browsers take for a
 * folder, gets a tilde in front; so does one that begins with a tilde. Called by the links and the router.
 */
export function nameInPath(name: string): string {
  return /^(\.*$|~)/.test(name) ? `~${name}` : name
}

export function nameFromPath(part: string): string {
  return part.startsWith('~') ? part.slice(1) : part
}
