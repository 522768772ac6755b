import { Alert, createTheme, Drawer, Modal, Notification } from '@mantine/core'

const closable = { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }

/** One accent; colour otherwise only says how something is. White holds 4.5:1 on it. */
export const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: 9,
  autoContrast: true,
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  components: {
    // Coloured words on their own light colour are hard to read; the ground says the kind.
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
    Modal: Modal.extend(closable),
    Drawer: Drawer.extend(closable),
    Notification: Notification.extend(closable),
  },
})
