import { describe, expect, test } from 'vitest';
import { helperStatus, mountHelperArguments } from '../../../../src/cli/commands/mount-helper.js';

describe('mount.configmapfs', () => {
	test.each([
		[
			['/src', '/mnt'],
			['mount', '--background', '--filename=/src', '--', '/mnt'],
		],
		[
			['none', '/mnt', '-o', 'filename=/a'],
			['mount', '--background', '--filename=/a', '--', '/mnt'],
		],
		[
			['/src', '/mnt', '-o', 'ro,nofail,_netdev,x-systemd.requires=a,comment=b,recursive,default_mode=0400'],
			['mount', '--background', '--filename=/src', '--recursive', '--default-mode=0400', '--', '/mnt'],
		],
		[
			[
				'none',
				'/mnt',
				'-o',
				'user,kubeconfig=/root/.kube/config,context=staging,namespace=web,state-dir=/var/lib/x,kubelet_delay',
			],
			[
				...['mount', '--background', '--kubeconfig=/root/.kube/config', '--context=staging', '--namespace=web'],
				...['--state-dir=/var/lib/x', '--kubelet-delay', '--', '/mnt'],
			],
		],
		[['-n', '-v', '/src', '-dash'], undefined],
		[
			['/src', '/mnt', '-t', 'configmapfs', '-N', '/ns'],
			['mount', '--background', '--filename=/src', '--', '/mnt'],
		],
		[
			['/src', '/mnt', '-sn', '-o', 'strange'],
			['mount', '--background', '--filename=/src', '--', '/mnt'],
		],
	])('%j', (args, words) => {
		if (words !== undefined) expect(mountHelperArguments(args)).toEqual(words);
		else expect(mountHelperArguments(args)).toContain('-dash');
	});

	test('a fake mount mounts nothing', () => {
		expect(mountHelperArguments(['/src', '/mnt', '-f'])).toBeUndefined();
		expect(mountHelperArguments(['/src', '/mnt', '-fv'])).toBeUndefined();
	});

	test('refuses wrong arguments', () => {
		expect(() => mountHelperArguments(['/src'])).toThrow('usage: mount.configmapfs SOURCE DIR [-o OPTIONS]');
		for (const option of ['strange', 'create=app', 'ready_fd=3', 'recursive=1', 'volume', 'toString']) {
			expect(() => mountHelperArguments(['/src', '/mnt', '-o', option])).toThrow(`unknown mount option "${option}"`);
		}
	});

	test('statuses are those of mount(8)', () => {
		expect([0, 64, 66, 71, 75, 130].map(helperStatus)).toEqual([0, 1, 32, 32, 32, 32]);
	});
});
