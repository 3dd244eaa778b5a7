/** Auto, light or dark. */
import { useSyncExternalStore } from 'react'
import { Icon } from './Icon.tsx'
import { chooseTheme, chosenTheme, onThemeChange } from './theme.ts'
import './ThemeSwitch.css'

const THEMES = [
  { value: 'auto', icon: 'auto', label: "The system's theme" },
  { value: 'light', icon: 'sun', label: 'Light theme' },
  { value: 'dark', icon: 'moon', label: 'Dark theme' },
] as const

export function ThemeSwitch() {
  const theme = useSyncExternalStore(onThemeChange, chosenTheme)
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
            onChange={() => chooseTheme(value)}
            aria-label={label}
          />
          <Icon name={icon} />
        </label>
      ))}
    </fieldset>
  )
}
