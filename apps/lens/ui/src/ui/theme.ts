/** The theme: as the system has it, or chosen, and then kept in this browser and set before the first paint by theme.js. */
export type Theme = 'auto' | 'light' | 'dark'

const listeners = new Set<() => void>()

export function chosenTheme(): Theme {
  const chosen = document.documentElement.dataset.theme
  return chosen === 'light' || chosen === 'dark' ? chosen : 'auto'
}

export function chooseTheme(next: Theme): void {
  if (next === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
  try {
    if (next === 'auto') localStorage.removeItem('lens.theme')
    else localStorage.setItem('lens.theme', next)
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
  for (const listener of listeners) listener()
}

export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
