/**
 * A tenant's mark: five by five cells, mirrored left to right, from the hash of its name. Colour says "service" in this
 * product, so tenants are told apart by shape. Drawn by the TenantMark component.
 */
import { stableHash } from './hash.ts'

export const MARK_SIZE = 5

/** Row by row; neither so empty nor so full that two marks would look alike. */
export function tenantMark(tenant: string): readonly boolean[] {
  for (let salt = 0; ; salt++) {
    const hash = stableHash(salt === 0 ? tenant : `${tenant}\u0000${salt}`)
    const cells: boolean[] = []
    for (let row = 0; row < MARK_SIZE; row++) {
      const half = [0, 1, 2].map((column) => ((hash >>> (row * 3 + column)) & 1) === 1)
      cells.push(...half, half[1]!, half[0]!)
    }
    const on = cells.filter(Boolean).length
    if (on >= 9 && on <= 17) return cells
  }
}
