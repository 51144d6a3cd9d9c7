from tests.content import category, published
from tests.handlers.support import statements
from tests.harness import Api, Server


class TestList:
    def test_groups_and_questions_are_in_their_order(self, server: Server, api: Api) -> None:
        money = category(server, "faq", "money", name="Money", sort_order=2)
        general = category(server, "faq", "general", name="General", sort_order=1)
        category(server, "faq", "empty", name="Empty", sort_order=3)
        category(server, "faq", "hidden", active=False)
        published(server, "faq", question="Second?", answer="<p>2</p>", categoryId=general, sortOrder=2, title=None)
        published(
            server, "faq", question="First?", answer="<p>1<script>x</script></p>", categoryId=general, sortOrder=1
        )
        published(server, "faq", question="How much?", answer="<p>5</p>", categoryId=money)
        published(server, "faq", locale="de", question="Wie viel?", answer="<p>5</p>", categoryId=money)
        with statements(server) as asked:
            groups = api.call("content.faq.list").json()["data"]
        assert len(asked) == 3
        assert groups == [
            {
                "slug": "general",
                "name": "General",
                "items": [{"question": "First?", "answer": "<p>1</p>"}, {"question": "Second?", "answer": "<p>2</p>"}],
            },
            {"slug": "money", "name": "Money", "items": [{"question": "How much?", "answer": "<p>5</p>"}]},
            {"slug": "empty", "name": "Empty", "items": []},
        ]
