import { createTheme, type MantineColorsTuple } from '@mantine/core'

const honey: MantineColorsTuple = [
  '#fff8e6',
  '#feeecb',
  '#fbdc98',
  '#f8c961',
  '#f6b935',
  '#f5a524',
  '#e0900f',
  '#b36b00',
  '#8f5500',
  '#6b3f00',
]

/** Calm greys with one amber accent. `autoContrast` puts dark text on amber, where white would be unreadable. */
export const theme = createTheme({
  colors: { honey },
  primaryColor: 'honey',
  primaryShade: { light: 5, dark: 5 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  headings: { fontWeight: '650' },
})
