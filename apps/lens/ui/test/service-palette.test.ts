import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SERVICE_SLOTS, ServicePalette } from '../src/model/service-palette.ts'
import { tenantMark } from '../src/model/tenant-mark.ts'
import { contrast, difference, parseHex, seenWith } from './color.ts'

const tokens = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8')

/** Both values of a token written as light-dark(#…, #…). */
function token(name: string): { readonly light: string; readonly dark: string } {
  const match = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(tokens)
  assert.ok(match, `no token --${name}`)
  return { light: match[1]!, dark: match[2]! }
}

const themes = ['light', 'dark'] as const

describe('colours of services', () => {
  it('stay with a name, whatever the order in which names of one page come', () => {
    const nameList = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(nameList, nameList, (names, later) => {
        const palette = new ServicePalette()
        palette.add(names)
        const before = names.map((name) => palette.slotOf(name))
        palette.add([...later].reverse())
        assert.deepEqual(
          names.map((name) => palette.slotOf(name)),
          before,
        )
        const other = new ServicePalette()
        other.add(names.toReversed())
        assert.deepEqual(
          names.map((name) => other.slotOf(name)),
          before,
        )
      }),
    )
  })

  it('differ as long as there are enough, and are shared evenly beyond', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 35 }), (names) => {
        const palette = new ServicePalette()
        palette.add(names)
        const users = new Map<number, number>()
        for (const name of names) users.set(palette.slotOf(name), (users.get(palette.slotOf(name)) ?? 0) + 1)
        assert.equal(users.size, Math.min(names.length, SERVICE_SLOTS))
        assert.ok(Math.max(...users.values()) <= Math.ceil(names.length / SERVICE_SLOTS))
      }),
    )
  })

  for (const theme of themes) {
    it(`stand out from the ${theme} page: 3:1 at least`, () => {
      for (let slot = 0; slot < SERVICE_SLOTS; slot++) {
        const ratio = contrast(parseHex(token(`service-${slot}`)[theme]), parseHex(token('surface')[theme]))
        assert.ok(ratio >= 3, `--service-${slot} has ${ratio.toFixed(2)}`)
      }
    })

    it(`stay apart on the ${theme} page for eyes without red, green or blue cones`, () => {
      for (const eye of ['all', 'protan', 'deutan', 'tritan'] as const) {
        for (let a = 0; a < SERVICE_SLOTS; a++) {
          for (let b = a + 1; b < SERVICE_SLOTS; b++) {
            const apart = difference(
              seenWith(eye, parseHex(token(`service-${a}`)[theme])),
              seenWith(eye, parseHex(token(`service-${b}`)[theme])),
            )
            assert.ok(
              apart >= 0.045,
              `--service-${a} and --service-${b} differ by ${apart.toFixed(3)} for ${eye}`,
            )
          }
        }
      }
    })

    it(`has text with 4.5:1 on the ${theme} page`, () => {
      for (const text of ['ink', 'ink-2', 'ink-3', 'accent', 'error']) {
        for (const ground of ['page', 'surface', 'sunken']) {
          const ratio = contrast(parseHex(token(text)[theme]), parseHex(token(ground)[theme]))
          assert.ok(ratio >= 4.5, `--${text} on --${ground} has ${ratio.toFixed(2)}`)
        }
      }
    })
  }
})

describe('marks of tenants', () => {
  it('are mirrored, neither empty nor full, and the same each time', () => {
    fc.assert(
      fc.property(fc.string(), (tenant) => {
        const cells = tenantMark(tenant)
        assert.equal(cells.length, 25)
        for (let row = 0; row < 5; row++) {
          assert.equal(cells[row * 5], cells[row * 5 + 4])
          assert.equal(cells[row * 5 + 1], cells[row * 5 + 3])
        }
        const on = cells.filter(Boolean).length
        assert.ok(on >= 9 && on <= 17)
        assert.deepEqual(tenantMark(tenant), cells)
      }),
    )
  })
})
