import { Button, Group, Stack, Text } from '@mantine/core'
import { IconEraser } from '@tabler/icons-react'
import { useCallback, useEffect, useRef, type KeyboardEvent, type PointerEvent } from 'react'
import { centreDigit } from '../data/centre-digit.ts'
import classes from './drawing-pad.module.css'

const side = 280
const penWidth = 20
const keyStep = 10
const inkColor = '#fff6df'

/** Read back after every stroke: on the CPU that is fast, from a GPU it is not. */
const contextOf = (canvas: HTMLCanvasElement | null): CanvasRenderingContext2D | null =>
  canvas?.getContext('2d', { willReadFrequently: true }) ?? null

const moves: Record<string, readonly [number, number]> = {
  ArrowLeft: [-keyStep, 0],
  ArrowRight: [keyStep, 0],
  ArrowUp: [0, -keyStep],
  ArrowDown: [0, keyStep],
}

export interface DrawingPadProps {
  /** Called after each change with the digit as the model sees it; null when the pad is empty. */
  readonly onChange: (digit: Uint8Array<ArrayBuffer> | null) => void
  /** Another number clears the pad. */
  readonly clearCount: number
  readonly onClear: () => void
}

/** A square to draw a digit on: finger, pen, mouse, or arrow keys with Space to lower and lift the pen. */
export function DrawingPad({ onChange, clearCount, onClear }: DrawingPadProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const marker = useRef<HTMLDivElement>(null)
  const pen = useRef({ x: side / 2, y: side / 2, down: false })
  const scheduled = useRef(0)

  const report = useCallback(() => {
    cancelAnimationFrame(scheduled.current)
    scheduled.current = requestAnimationFrame(() => {
      const context = contextOf(canvas.current)
      if (context === null) return
      const rgba = context.getImageData(0, 0, side, side).data
      const ink = new Uint8Array(side * side)
      for (let i = 0; i < ink.length; i++) ink[i] = rgba[4 * i + 3] ?? 0 // the pen's alpha is the ink, in any colour
      onChange(centreDigit(ink, side, side))
    })
  }, [onChange])

  useEffect(() => {
    contextOf(canvas.current)?.clearRect(0, 0, side, side)
    pen.current = { x: side / 2, y: side / 2, down: false }
    report()
    return () => cancelAnimationFrame(scheduled.current)
  }, [clearCount, report])

  const lineTo = (x: number, y: number) => {
    const context = contextOf(canvas.current)
    if (context === null) return
    context.strokeStyle = inkColor
    context.lineWidth = penWidth
    context.lineCap = context.lineJoin = 'round'
    context.beginPath()
    context.moveTo(pen.current.x, pen.current.y)
    context.lineTo(x, y)
    context.stroke()
    report()
  }

  const at = (event: { clientX: number; clientY: number }, target: Element): readonly [number, number] => {
    const box = target.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side]
  }

  const startStroke = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const [x, y] = at(event, event.currentTarget)
    pen.current = { x, y, down: true }
    lineTo(x, y)
  }
  const goOn = (event: PointerEvent<HTMLCanvasElement>) => {
    if (!pen.current.down || !event.currentTarget.hasPointerCapture(event.pointerId)) return
    // a fast pen moves several times between two frames: without these, curves become corners
    const seen = event.nativeEvent.getCoalescedEvents()
    for (const point of seen.length > 0 ? seen : [event.nativeEvent]) {
      const [x, y] = at(point, event.currentTarget)
      lineTo(x, y)
      pen.current = { x, y, down: true }
    }
  }
  const endStroke = () => {
    pen.current.down = false
  }

  const byKey = (event: KeyboardEvent<HTMLCanvasElement>) => {
    const step = moves[event.key]
    if (event.key === ' ') {
      pen.current.down = !pen.current.down
      if (pen.current.down) lineTo(pen.current.x, pen.current.y)
    } else if (event.key === 'Delete' || event.key === 'Backspace') onClear()
    else if (step !== undefined) {
      const x = Math.min(side, Math.max(0, pen.current.x + step[0]))
      const y = Math.min(side, Math.max(0, pen.current.y + step[1]))
      if (pen.current.down) lineTo(x, y)
      pen.current = { ...pen.current, x, y }
    } else return
    event.preventDefault()
    showMarker()
  }
  const showMarker = () => {
    const { x, y, down } = pen.current
    if (marker.current === null) return
    marker.current.style.left = `${(x / side) * 100}%`
    marker.current.style.top = `${(y / side) * 100}%`
    marker.current.dataset.down = String(down)
  }

  return (
    <Stack gap="xs" align="center" w="100%" maw={side}>
      <div className={classes.frame}>
        <canvas
          ref={canvas}
          width={side}
          height={side}
          tabIndex={0}
          role="img"
          aria-label="Drawing area. Arrow keys move the pen, Space lowers or lifts it, Delete clears."
          className={classes.canvas}
          onPointerDown={startStroke}
          onPointerMove={goOn}
          onPointerUp={endStroke}
          onPointerCancel={endStroke}
          onKeyDown={byKey}
          onFocus={showMarker}
        />
        <div ref={marker} className={classes.marker} aria-hidden />
      </div>
      <Group justify="space-between" w="100%" wrap="nowrap" gap="xs">
        <Text size="xs" c="dimmed">
          Draw with a finger or the mouse. Keys: arrows and Space.
        </Text>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconEraser size={16} />}
          onClick={onClear}
          flex="0 0 auto"
        >
          Clear
        </Button>
      </Group>
    </Stack>
  )
}
