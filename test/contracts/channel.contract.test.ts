import { describe, expect, it } from '@jest/globals'
import { loopback, virtualClock } from '@panal/client-core'
import { channelContract } from '../fixtures/channel-contract.ts'

// Over real sockets the same suite runs in test/e2e/socket-io-channel.test.ts.
describe('loopback', () => {
  channelContract(async () => {
    const clock = virtualClock()
    const { channel, server } = loopback({ clock })
    return {
      channel,
      server,
      passTimeout: () => clock.advance(10_000),
      dispose: async () => channel.close(),
    }
  })

  it('loses what is on its way when the link drops, in both directions', async () => {
    const { channel, server } = loopback()
    const heard: string[] = []
    server.onRequest = ({ name }) => heard.push(name)
    channel.on('promoted', () => heard.push('promoted'))
    const failed = expect(channel.request('leave', {})).rejects.toMatchObject({ code: 'unreachable' })
    server.emit('promoted', { taskId: 'digits', champion: 1, previous: null, reason: 'why' })
    server.drop()
    server.restore()
    await failed
    expect(heard).toEqual([])
  })
})
