// Sets the chosen theme before the first paint. A file of its own, since the content security policy forbids inline scripts.
try {
  const theme = localStorage.getItem('lens.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is blocked: the system's theme it is.
}
