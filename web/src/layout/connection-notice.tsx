import { Alert } from '@mantine/core'
import { useConnection } from '../api/live.ts'

/** Says when what is shown may be old. */
export function ConnectionNotice() {
  const connection = useConnection()
  if (connection !== 'lost') return null
  return (
    <Alert role="status" color="yellow" mb="md" title="Not connected">
      What you see may be old. Your services go on; this page connects again by itself.
    </Alert>
  )
}
