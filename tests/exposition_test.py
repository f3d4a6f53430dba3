# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Ours against prometheus_client's, which says how it is to be.
"""

from __future__ import absolute_import, division, print_function

import metricscase
from vmsampling import vocabulary


def setup_module():
    metricscase.setup_module()
    global prometheus_client, exposition, parser, openmetrics, om_parser
    global collector, scrape
    import prometheus_client
    from prometheus_client import exposition
    from prometheus_client import parser
    from prometheus_client.openmetrics import exposition as openmetrics
    from prometheus_client.openmetrics import parser as om_parser
    from vmsampling import collector
    from vmsampling import scrape


# Besides what there is mostly, what is hard to write.
HARD = {
    "cpu.time": 1, "cpu.user": 2 ** 63, "cpu.system": 10 ** 25,
    "balloon.rss": 0, "net.0.name": 'a"\\\n{}=,b', "net.0.rx.bytes": 0.1,
    "block.0.name": u"\u20ac", "block.0.rd.reqs": 1e300,
}


class ExpositionTest(metricscase.TestCase):

    def both(self, snapshot, names, accept, library):
        """
        Return the text of ours and of the library's.
        """
        ours = scrape.Scrape(lambda: snapshot, {"names": names})
        registry = prometheus_client.CollectorRegistry(auto_describe=False)
        registry.register(collector.Collector(lambda: snapshot, names))
        return ours.render(accept)[1].decode("utf-8"), library(
            registry).decode("utf-8")

    def check(self, accept, library, read):
        for names in vocabulary.NAMES:
            snapshot = metricscase.full()
            snapshot["vms"]["hard"] = metricscase.vm(
                u"h\xe4rd\x1b", stats=HARD)
            ours, theirs = self.both(snapshot, names, accept, library)
            ours, theirs = [self.families(read, text)
                            for text in (ours, theirs)]
            self.assertGreater(len(ours), 100)
            self.maxDiff = None
            self.assertEqual(ours, theirs)

    def families(self, read, text):
        found = {}
        for family in read(text):
            self.assertNotIn(family.name, found)
            found[family.name] = (
                family.type, family.documentation, sorted(
                    (sample.name, sorted(sample.labels.items()),
                     sample.value) for sample in family.samples))
        for name in ("libvirt_domain_sample_age_seconds",
                     "libvirt_domain_stuck_seconds",
                     "libvirt_host_sample_age_seconds",
                     "libvirt_storage_pool_sample_age_seconds",
                     "libvirtd_sample_age_seconds"):
            # Ours let time pass in between.
            kind, text, samples = found[name]
            found[name] = kind, text, [
                (name, labels, round(value))
                for name, labels, value in samples]
        return found

    def test_text(self):
        self.check("", exposition.generate_latest,
                   parser.text_string_to_metric_families)

    def test_openmetrics(self):
        self.check("application/openmetrics-text; version=1.0.0",
                   openmetrics.generate_latest,
                   om_parser.text_string_to_metric_families)

    def test_openmetrics_ends(self):
        text, _ = self.both({}, "debian", "application/openmetrics-text",
                            openmetrics.generate_latest)
        self.assertTrue(text.endswith("\n# EOF\n"))
