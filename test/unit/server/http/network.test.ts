import { expect, it } from '@jest/globals'
import { networkOf } from '../../../../server/src/http/network.ts'

it.each([
  ['192.0.2.77', '192.0.2.0/24'],
  ['::ffff:192.0.2.77', '192.0.2.0/24'],
  ['2001:db8:1:2ff::5', '2001:db8:1:200::/56'],
  ['2001:db8:1:2fe:9:8:7:6', '2001:db8:1:200::/56'],
  ['2001:db8:1:300::5', '2001:db8:1:300::/56'],
  ['::1', '0:0:0:0::/56'],
  ['fe80::1%eth0', 'fe80:0:0:0::/56'],
  ['not an address', 'unknown'],
])('%s is in %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})
