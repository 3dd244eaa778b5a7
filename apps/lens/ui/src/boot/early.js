// Asks for the files of this address's page before the script that would ask is there. What is asked for later, with the same address, is what came of
// this. PAGES is the build's: patterns of addresses, and the files of the page of each.
for (const [pattern, files] of PAGES) {
  if (!new RegExp(pattern).test(location.pathname)) continue
  for (const href of files) {
    const how = href.endsWith('.css')
      ? { rel: 'preload', as: 'style', crossOrigin: 'anonymous' }
      : { rel: 'modulepreload' }
    document.head.append(Object.assign(document.createElement('link'), how, { href }))
  }
}
