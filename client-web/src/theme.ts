import { Badge, createTheme, Drawer, Modal, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

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

const closeButtonProps = { 'aria-label': 'Close' }

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
  components: {
    // a badge that is cut off says nothing: in a narrow table, the table scrolls instead
    Badge: Badge.extend({ defaultProps: { tt: 'none' }, styles: { root: { minWidth: 'max-content' } } }),
    // the cross is a picture: without this it has no name
    Modal: Modal.extend({ defaultProps: { closeButtonProps } }),
    Drawer: Drawer.extend({ defaultProps: { closeButtonProps } }),
  },
})

/** Mantine's quiet greys and yellows are under 4.5 : 1 on its own backgrounds: these are not. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-anchor': 'var(--mantine-color-honey-8)',
    '--mantine-color-dimmed': '#5c636a',
    '--mantine-color-placeholder': '#6b7278',
    '--mantine-color-yellow-light-color': '#6e4a00',
    '--mantine-color-teal-light-color': '#056044',
    '--mantine-color-honey-light-color': 'var(--mantine-color-honey-9)',
    '--panal-cell': '#fff3d6',
    '--panal-cell-edge': '#d9a648',
    '--panal-cell-quiet': '#f1f0ec',
  },
  dark: {
    '--mantine-color-anchor': 'var(--mantine-color-honey-3)',
    '--mantine-color-dimmed': '#a9aeb3',
    '--mantine-color-honey-light-color': 'var(--mantine-color-honey-3)',
    '--panal-cell': '#3a3020',
    '--panal-cell-edge': '#8a6a2a',
    '--panal-cell-quiet': '#2f2f2f',
  },
})
