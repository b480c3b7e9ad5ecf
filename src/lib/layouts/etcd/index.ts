import type { EtcdLayout } from '../types.js';
import { apisixLayout } from './apisix.js';
import { corednsLayout } from './coredns.js';
import { dubboGoAppLayout, dubboJavaAppLayout } from './dubbo-app.js';
import { dubboGoInterfaceLayout, dubboJavaInterfaceLayout } from './dubbo-interface.js';
import { etcdEndpointsLayout } from './etcd-endpoints.js';
import { goKitLayout } from './go-kit.js';
import { goMicroLayout } from './go-micro.js';
import { goZeroLayout } from './go-zero.js';
import { goframeLayout } from './goframe.js';
import { hertzLayout, kitexLayout } from './kitex.js';
import { kratosLayout } from './kratos.js';
import { kubernetesLayout } from './kubernetes.js';
import { milvusLayout } from './milvus.js';
import { patroniLayout } from './patroni.js';
import { plainLayout } from './plain.js';
import { rpcxLayout } from './rpcx.js';
import { sdctlLayout } from './sdctl.js';
import { traefikLayout } from './traefik.js';

/** In the order of detection: the first that claims an entry reads it. A new layout is one file and one line here. */
export const etcdLayouts: readonly EtcdLayout[] = [
  kubernetesLayout,
  sdctlLayout,
  apisixLayout,
  traefikLayout,
  milvusLayout,
  corednsLayout,
  goMicroLayout,
  dubboJavaInterfaceLayout,
  dubboGoInterfaceLayout,
  dubboGoAppLayout,
  dubboJavaAppLayout,
  patroniLayout,
  goframeLayout,
  etcdEndpointsLayout,
  kratosLayout,
  kitexLayout,
  hertzLayout,
  goZeroLayout,
  rpcxLayout,
  goKitLayout,
  plainLayout,
];

export { sdctlLayout };

/** Trees of other systems whose keys are never read. */
export const foreignTrees: readonly { readonly prefix: string; readonly layout: EtcdLayout }[] = [
  { prefix: kubernetesLayout.root, layout: kubernetesLayout },
];
