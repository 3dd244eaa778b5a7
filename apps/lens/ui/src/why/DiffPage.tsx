/** Two traces side by side. */
export function DiffPage(_: { readonly a: string; readonly b: string }) {
  return <h1>Two traces</h1>
}
