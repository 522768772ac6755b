import { certificateInput } from '@fairway/contract/resources/domain'
import { importDomainCertificate } from '@fairway/contract/routes/domains'
import { Textarea } from '@mantine/core'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { DialogButton } from '../../ui/dialog-button.tsx'

/** Hands in a certificate that was made elsewhere. */
export function ImportCertificate({ domain }: { domain: string }) {
  return (
    <DialogButton
      label="Import a certificate"
      variant="default"
      size="xs"
      action="Import"
      schema={certificateInput}
      initial={{ privateKey: '', certificateChain: '' }}
      fields={['privateKey', 'certificateChain']}
      run={async (certificate) => {
        await call(importDomainCertificate, { params: { domain }, body: { certificate } })
        await queryClient.invalidateQueries({ queryKey: ['domains'] })
        await queryClient.invalidateQueries({ queryKey: ['certificates'] })
      }}
    >
      {({ value, set, problem }) => (
        <>
          <Textarea
            label="Certificate chain"
            description="In PEM form: the certificate first, then those that signed it."
            withAsterisk
            autosize
            minRows={4}
            maxRows={10}
            value={value.certificateChain}
            error={problem('certificateChain')}
            onChange={(event) => set({ certificateChain: event.currentTarget.value })}
          />
          <Textarea
            label="Private key"
            description="In PEM form, without a pass phrase. It is sealed and never shown again."
            withAsterisk
            autosize
            minRows={4}
            maxRows={10}
            value={value.privateKey}
            error={problem('privateKey')}
            onChange={(event) => set({ privateKey: event.currentTarget.value })}
          />
        </>
      )}
    </DialogButton>
  )
}
