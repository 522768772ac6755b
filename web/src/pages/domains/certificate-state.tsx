import type { CertificateView } from '@fairway/contract/resources/domain'
import { retryCertificate } from '@fairway/contract/routes/domains'
import { Button, Stack, Text } from '@mantine/core'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { Ago } from '../../ui/ago.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'

/** How a certificate stands, until when it holds, and why it could not be had. */
export function CertificateState({ certificate }: { certificate: CertificateView }) {
  const { status, source, notAfter, renewsAt, reason, nextTryAt } = certificate
  return (
    <Stack gap={2} align="flex-start">
      <StatusBadge status={status} />
      {notAfter !== null && (
        <Text size="xs" component="div">
          ends <Ago at={notAfter} />
          {renewsAt !== null && source === 'acme' && (
            <>
              , is renewed <Ago at={renewsAt} />
            </>
          )}
        </Text>
      )}
      {reason !== null && <Text size="xs">{reason}</Text>}
      {reason !== null && nextTryAt !== null && (
        <Text size="xs" component="div">
          tried again <Ago at={nextTryAt} />
        </Text>
      )}
    </Stack>
  )
}

/** Tries at once again to get a certificate that failed. */
export function RetryCertificate({ certificate }: { certificate: CertificateView }) {
  const { source, status, reason, subject } = certificate
  const retry = useAction({
    run: () => call(retryCertificate, { params: { host: subject } }),
    refresh: ['certificates'],
    done: 'It is tried again now.',
  })
  if (source !== 'acme' || (status !== 'failed' && reason === null)) return null
  return (
    <Button size="xs" variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>
      Try now
    </Button>
  )
}
