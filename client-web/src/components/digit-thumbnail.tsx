import { useEffect, useRef } from 'react'
import { digitSide } from '../data/centre-digit.ts'

/** 784 bytes as a small picture: what the model sees. */
export function DigitThumbnail({
  pixels,
  label,
  size = 44,
}: {
  readonly pixels: Uint8Array
  readonly label: string
  readonly size?: number
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context === undefined || context === null) return
    const image = context.createImageData(digitSide, digitSide)
    pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i))
    context.putImageData(image, 0, 0)
  }, [pixels])
  return (
    <canvas
      ref={canvas}
      width={digitSide}
      height={digitSide}
      role="img"
      aria-label={label}
      style={{ width: size, height: size, borderRadius: 6, imageRendering: 'pixelated', display: 'block' }}
    />
  )
}
