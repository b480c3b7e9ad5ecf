import http from 'node:http';
import https from 'node:https';
import { formatCallUrl, type Endpoint } from '../model/endpoint.js';
import { fromError, type Probe, type ProbeResult } from './probe-answer.js';

/** From here on a server says itself that it is ill. */
const SERVER_FAULT = 500;

/** Asks for `/`. Whatever answers below 500 serves: nobody knows the path that an instance answers on. */
export const probeHttp: Probe = (endpoint, timeoutMs, signal) =>
  new Promise((resolve) => {
    const url = urlOf(endpoint);
    const { request } = url.startsWith('https') ? https : http;
    const options = {
      method: 'GET',
      timeout: timeoutMs,
      signal,
      headers: { 'user-agent': 'sdctl', connection: 'close' },
    };
    const sent = request(url, options, (response) => {
      const { statusCode = 0 } = response;
      response.destroy();
      resolve(resultOf(statusCode));
    });
    sent.once('timeout', () => {
      resolve({ outcome: 'timeout', detail: `no answer within ${timeoutMs} ms` });
      sent.destroy();
    });
    sent.once('error', (error) => {
      resolve(signal.aborted ? { outcome: 'error', detail: 'broken off' } : fromError(error));
    });
    sent.end();
  });

function urlOf(endpoint: Endpoint): string {
  const { protocol } = endpoint;
  return formatCallUrl(
    protocol === 'http' || protocol === 'https' ? endpoint : { ...endpoint, protocol: 'http' },
  );
}

function resultOf(status: number): ProbeResult {
  const detail = `HTTP ${status}`;
  return status >= SERVER_FAULT ? { outcome: 'not-serving', detail } : { outcome: 'ok', detail };
}
