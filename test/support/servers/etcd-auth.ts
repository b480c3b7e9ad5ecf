/** Users and roles of a test etcd. */
import type { EtcdCtl, EtcdCredentials } from './etcd-ctl.js';

export interface EtcdGrant {
  readonly permission: 'read' | 'write' | 'readwrite';
  readonly key: string;
  /** All keys below `key`; else `key` alone, or the range up to `rangeEnd`. */
  readonly prefix?: boolean;
  readonly rangeEnd?: string;
}

export interface EtcdUser {
  readonly name: string;
  readonly password: string;
  readonly grants: readonly EtcdGrant[];
}

export interface EtcdAuth {
  readonly rootPassword: string;
  readonly users?: readonly EtcdUser[];
}

/** Creates root and the users, each with a role of its own, and switches authentication on. The handle goes on as root. */
export async function enableAuth(etcd: EtcdCtl, auth: EtcdAuth): Promise<EtcdCredentials> {
  const root = { username: 'root', password: auth.rootPassword };
  await etcd.ctl(['user', 'add', `root:${auth.rootPassword}`]);
  await etcd.ctl(['user', 'grant-role', 'root', 'root']);
  for (const user of auth.users ?? []) await addUser(etcd, user);
  await etcd.ctl(['auth', 'enable']);
  etcd.useCredentials(root);
  return root;
}

/** Adds one user; also works after `enableAuth`. */
export async function addUser(etcd: EtcdCtl, user: EtcdUser): Promise<void> {
  const role = `${user.name}-role`;
  await etcd.ctl(['role', 'add', role]);
  for (const grant of user.grants) {
    const flags = grant.prefix === true ? ['--prefix=true'] : [];
    const end = grant.rangeEnd === undefined ? [] : [grant.rangeEnd];
    await etcd.ctl(['role', 'grant-permission', role, ...flags, grant.permission, grant.key, ...end]);
  }
  await etcd.ctl(['user', 'add', `${user.name}:${user.password}`]);
  await etcd.ctl(['user', 'grant-role', user.name, role]);
}
