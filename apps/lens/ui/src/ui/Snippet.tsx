/** A command or lines of a configuration, to be copied. */
import { CopyButton } from './CopyButton.tsx'
import './Snippet.css'

export function Snippet({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div className="snippet">
      <pre>{text}</pre>
      <CopyButton text={text} label={label} />
    </div>
  )
}
