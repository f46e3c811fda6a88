# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by tests of the build: Debian 12's own headers of Linux 6.1, which are refused.
# shellcheck disable=SC2034 # its variables are for who sources it

stock_61_refusal='it does not export __register_bpf_struct_ops: use Linux 6.12 or later, or a 6.1 with the patches of core-patch/6.1'

# unpack_stock_61: the newest of them, by the caller's in_root; leaves their release and their place in there.
unpack_stock_61() {
	# shellcheck disable=SC2016 # for the shell in the root
	stock_61_release=$(in_root sh -euc '
		package=$(apt-cache show linux-headers-cloud-amd64 | sed -n "s/^Depends: \(linux-headers-6\.1\.[^ ]*\) .*/\1/p" |
			sort -V | tail -n 1)
		mkdir stock
		cd stock
		apt-get -qq -o APT::Sandbox::User=root download "$package"
		dpkg -x ./*.deb .
		echo "${package#linux-headers-}"')
	stock_61_headers=/work/stock/usr/src/linux-headers-$stock_61_release
	like "$stock_61_release" 6.1. 'stock 6.1: its headers'
}
