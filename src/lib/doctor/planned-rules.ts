/** A rule that is thought of, and not written yet. */
export interface PlannedRule {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
}

/** In the order of their ids. Whoever writes one takes it out of here, and keeps id and slug. */
export const plannedRules: readonly PlannedRule[] = [
  { id: 'SD005', slug: 'endpoint-set', title: 'Configured servers that are not one cluster' },
  { id: 'SD006', slug: 'clock-skew', title: 'Clocks of servers that disagree' },
  { id: 'SD007', slug: 'lease-count', title: 'More leases than the registry should hold' },
  { id: 'SD008', slug: 'history-not-compacted', title: 'A history that is never compacted, or too soon' },
  {
    id: 'SD009',
    slug: 'insecure-transport',
    title: 'Credentials without TLS, or a certificate about to end',
  },
  { id: 'SD010', slug: 'read-latency', title: 'Reads so slow that renewals come late' },
  { id: 'SD011', slug: 'leader-churn', title: 'A leader that changes again and again' },
  { id: 'SD107', slug: 'shared-lease', title: 'One lease under several services or hosts' },
  { id: 'SD108', slug: 'ttl-mix', title: 'Instances of one service with very different TTLs' },
  { id: 'SD205', slug: 'shared-endpoint', title: 'One address under two services' },
  { id: 'SD208', slug: 'oversized-entry', title: 'An entry larger than its readers take' },
  { id: 'SD209', slug: 'name-not-dns-safe', title: 'A name that cannot be a DNS label' },
  { id: 'SD210', slug: 'version-spread', title: 'Many versions of one service at once' },
  { id: 'SD211', slug: 'weight-zero', title: 'A service whose weights are all zero' },
  { id: 'SD306', slug: 'check-flapping', title: 'A state that changes again and again' },
  { id: 'SD308', slug: 'wrong-service-answers', title: 'Another service answers at a registered address' },
  { id: 'SD310', slug: 'sudden-drop', title: 'A service that lost most of its instances since the last run' },
  { id: 'SD402', slug: 'dns-http-disagree', title: 'DNS and HTTP of Consul that give different answers' },
  { id: 'SD404', slug: 'external-monitor-missing', title: 'External nodes that nobody monitors' },
];
