/**
 * The mark: a lens, and in it a waterfall of three spans that are the leaves of a sprout, which is what the name means. The
 * favicon is the same drawing.
 */
import './Logo.css'

export function Logo() {
  return (
    <span className="logo">
      <svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <circle cx="12" cy="12" r="10.75" fill="none" stroke="currentColor" strokeWidth="2" />
        <path
          fill="currentColor"
          d="M5.6 9.9V9.1a2.6 2.6 0 0 1 2.6-2.6h5.6v.8a2.6 2.6 0 0 1-2.6 2.6zM8.9 13.7v-.8a2.6 2.6 0 0 1 2.6-2.6h7v.8a2.6 2.6 0 0 1-2.6 2.6zM11.4 17.5v-.8a2.6 2.6 0 0 1 2.6-2.6h3.4v.8a2.6 2.6 0 0 1-2.6 2.6z"
        />
      </svg>
      <span className="logo-word">
        RusToK <span>Lens</span>
      </span>
    </span>
  )
}
