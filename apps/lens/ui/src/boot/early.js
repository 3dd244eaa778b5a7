// Asks for what the page of this address needs before the scripts that would ask are there: the files of the page, and of a trace its spans, which take longest.
// What is asked for later, with the same address, is what came of this. PAGES is the build's: patterns of addresses, and the files of the page of each.
{
  const ask = (attributes) => document.head.append(Object.assign(document.createElement('link'), attributes))
  for (const [pattern, files] of PAGES) {
    if (!new RegExp(pattern).test(location.pathname)) continue
    for (const href of files)
      ask(
        href.endsWith('.css')
          ? { rel: 'preload', as: 'style', crossOrigin: 'anonymous', href }
          : { rel: 'modulepreload', href },
      )
  }
  const [, traceId] = /^\/trace\/([0-9a-f]{32})$/.exec(location.pathname) ?? []
  if (traceId !== undefined)
    ask({
      rel: 'preload',
      as: 'fetch',
      crossOrigin: 'anonymous',
      href: `/api/lens/traces/${traceId}/waterfall`,
    })
}
