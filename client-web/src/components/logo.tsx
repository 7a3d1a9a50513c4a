/** Three cells of a honeycomb. */
export function Logo({ size = 28 }: { readonly size?: number }) {
  return (
    <svg viewBox="0 0 32 30" width={size} height={size} aria-hidden>
      <g fill="#f5a524" stroke="#b36b00" strokeWidth="1.2" strokeLinejoin="round">
        <path d="M16 1.5l6.1 3.5v7L16 15.5l-6.1-3.5V5z" />
        <path d="M8.9 14.2l6.1 3.5v7l-6.1 3.5-6.1-3.5v-7z" fill="#ffd27d" />
        <path d="M23.1 14.2l6.1 3.5v7l-6.1 3.5-6.1-3.5v-7z" />
      </g>
    </svg>
  )
}
