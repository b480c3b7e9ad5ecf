/**
 * For each layout a reader that does what the framework's own client does, and a check of the written form. They share
 * no code with what they judge: a mistake made twice would be seen by nobody.
 */
import { checkCorednsForm, readCoredns } from './coredns.js';
import { checkEtcdEndpointsForm, readEtcdEndpoints } from './etcd-endpoints.js';
import { checkGoKitForm, readGoKit } from './go-kit.js';
import { checkGoMicroForm, readGoMicro } from './go-micro.js';
import { checkGoZeroForm, readGoZero } from './go-zero.js';
import { checkGoframeForm, readGoframe } from './goframe.js';
import { checkHertzForm, readHertz } from './hertz.js';
import { checkKitexForm, readKitex } from './kitex.js';
import { checkKratosForm, readKratos } from './kratos.js';
import { checkPlainForm, readPlain } from './plain.js';
import { checkRpcxForm, readRpcx } from './rpcx.js';
import type { CheckForm, Read } from './types.js';

/** By the name of the layout. */
export const readers: Readonly<Record<string, { readonly read: Read; readonly checkForm: CheckForm }>> = {
  plain: { read: readPlain, checkForm: checkPlainForm },
  'etcd-endpoints': { read: readEtcdEndpoints, checkForm: checkEtcdEndpointsForm },
  'go-zero': { read: readGoZero, checkForm: checkGoZeroForm },
  kratos: { read: readKratos, checkForm: checkKratosForm },
  kitex: { read: readKitex, checkForm: checkKitexForm },
  hertz: { read: readHertz, checkForm: checkHertzForm },
  'go-micro': { read: readGoMicro, checkForm: checkGoMicroForm },
  'go-kit': { read: readGoKit, checkForm: checkGoKitForm },
  goframe: { read: readGoframe, checkForm: checkGoframeForm },
  rpcx: { read: readRpcx, checkForm: checkRpcxForm },
  coredns: { read: readCoredns, checkForm: checkCorednsForm },
};
