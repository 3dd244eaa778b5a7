/**
 * The design tokens as plain colours, for a canvas: it cannot resolve custom properties or light-dark(). Resolved again
 * when the theme changes, here or in the system.
 */
import { useEffect, useState } from 'react'
import { SERVICE_SLOTS } from '../model/service-palette.ts'

export interface ThemeColors {
  readonly services: readonly string[]
  readonly surface: string
  readonly line: string
  readonly lineStrong: string
  readonly ink: string
  readonly ink3: string
  readonly error: string
}

export function useThemeColors(): ThemeColors {
  const [colors, setColors] = useState(resolveColors)
  useEffect(() => {
    const update = () => setColors(resolveColors())
    const system = matchMedia('(prefers-color-scheme: dark)')
    const root = new MutationObserver(update)
    system.addEventListener('change', update)
    root.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    return () => {
      system.removeEventListener('change', update)
      root.disconnect()
    }
  }, [])
  return colors
}

function resolveColors(): ThemeColors {
  const probe = document.createElement('span')
  document.body.append(probe)
  const resolve = (token: string) => {
    probe.style.color = `var(--${token})`
    return getComputedStyle(probe).color
  }
  const colors = {
    services: Array.from({ length: SERVICE_SLOTS }, (_, slot) => resolve(`service-${slot}`)),
    surface: resolve('surface'),
    line: resolve('line'),
    lineStrong: resolve('line-strong'),
    ink: resolve('ink'),
    ink3: resolve('ink-3'),
    error: resolve('error-fill'),
  }
  probe.remove()
  return colors
}
