// SPDX-License-Identifier: GPL-2.0-only
/* Says as whom it runs: 1 as root, 2 as somebody else than who started it, 4 with another group. */
#include <unistd.h>

int main(void)
{
	return (geteuid() == 0 ? 1 : 0) | (geteuid() != getuid() ? 2 : 0) | (getegid() != getgid() ? 4 : 0);
}
