/** Auto, light or dark. Auto follows the system; a choice is kept in this browser and set before the first paint by theme.js. */
import { useState } from 'react'
import { Icon } from './Icon.tsx'
import './ThemeSwitch.css'

const THEMES = [
  { value: 'auto', icon: 'auto', label: "The system's theme" },
  { value: 'light', icon: 'sun', label: 'Light theme' },
  { value: 'dark', icon: 'moon', label: 'Dark theme' },
] as const

type Theme = (typeof THEMES)[number]['value']

export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(() => {
    const chosen = document.documentElement.dataset.theme
    return chosen === 'light' || chosen === 'dark' ? chosen : 'auto'
  })
  const choose = (next: Theme) => {
    setTheme(next)
    if (next === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = next
    try {
      if (next === 'auto') localStorage.removeItem('lens.theme')
      else localStorage.setItem('lens.theme', next)
    } catch {
      // Storage is blocked: the choice lasts as long as the page.
    }
  }
  return (
    <fieldset className="theme-switch">
      <legend className="visually-hidden">Theme</legend>
      {THEMES.map(({ value, icon, label }) => (
        <label key={value} title={label}>
          <input
            type="radio"
            name="theme"
            className="visually-hidden"
            checked={theme === value}
            onChange={() => choose(value)}
            aria-label={label}
          />
          <Icon name={icon} />
        </label>
      ))}
    </fieldset>
  )
}
