"""Words people write to a shop in: sentences with odd ends, so that no two texts are the same."""

import random

PEOPLE = {
    "ru": ["Дана Ковалёва", "Пётр Ильин", "Мария Сомова", "Олег Юрьев", "Анна Тихая", "Ян Рубин"],
    "en": ["Dana Miles", "Peter Stone", "Mary Sumner", "Owen Hart", "Ann Quill", "Jon Ruby"],
}
THINGS = {
    "ru": ["чайник", "пылесос", "утюг", "тостер", "миксер", "блендер", "фен", "обогреватель",
           "вентилятор", "кофемолка", "духовка", "морозильник", "соковыжималка", "мультиварка"],
    "en": ["kettle", "vacuum cleaner", "iron", "toaster", "mixer", "blender", "hairdryer", "heater",
           "fan", "grinder", "oven", "freezer", "juicer", "slow cooker"],
}  # fmt: skip
PLACES = {
    "ru": ["кухня", "прихожая", "дача", "офис", "коридор", "балкон", "гараж", "кладовая"],
    "en": ["kitchen", "hallway", "cottage", "office", "corridor", "balcony", "garage", "pantry"],
}
SENTENCES = {
    "ru": [
        "Здравствуйте, я купила у вас {thing} и очень надеялась, что прослужит долго",
        "На третий день {thing} начал странно гудеть и пахнуть горячей пластмассой",
        "Курьер привёз коробку с вмятиной, внутри не хватало инструкции и одной ножки",
        "По номеру {number} на сайте уже неделю стоит один и тот же статус",
        "Я звонила дважды, обещали перезвонить до вечера, но никто не перезвонил",
        "Подскажите, пожалуйста, можно ли заменить {thing} на такой же, но другого цвета",
        "Деньги за возврат {number} так и не пришли, хотя прошло больше десяти дней",
        "Мастер приходил во вторник, посмотрел, записал номер {number} и сказал ждать звонка",
        "У меня маленький ребёнок, и место, где стоит {thing}, ({place}) сейчас без света",
        "Спасибо вашей сотруднице, она терпеливо объяснила, как всё подключить",
        "Приложила фотографии чека и наклейки с серийным номером {number}",
        "Если это не гарантийный случай, напишите честно, сколько будет стоить ремонт",
        "Я не тороплю, но хотелось бы понимать, когда примерно ждать ответа",
        "Соседи пользуются таким же и говорят, что у них всё тихо и ничего не течёт",
        "В личном кабинете кнопка отмены не нажимается ни с телефона, ни с компьютера",
        "Прошу оформить замену или вернуть полную стоимость на карту, с которой платила",
    ],
    "en": [
        "Hello, I bought a {thing} from you and hoped it would last for many years",
        "On the third day the {thing} began to hum oddly and to smell of hot plastic",
        "The courier brought a dented box, the manual and one of the feet were missing",
        "Order {number} has shown the very same status on your site for a week now",
        "I called twice and was told somebody would ring back before evening, nobody did",
        "Could you tell me whether I may swap the {thing} for the same in another colour",
        "The money for return {number} has not arrived although ten days have passed",
        "The engineer came on Tuesday, wrote down {number} and told me to wait for a call",
        "We have a small child and the room with the {thing} ({place}) is without light",
        "Please thank your colleague, she explained patiently how to connect everything",
        "I attach photographs of the bill and of the label with serial number {number}",
        "If the guarantee does not cover it, say honestly what a repair would cost",
        "I am in no hurry but would like to know roughly when to expect an answer",
        "Our neighbours have the same one and say that it is quiet and does not leak",
        "The cancel button in my account does nothing, neither on the phone nor elsewhere",
        "Please send a replacement or return the full price to the card I paid with",
    ],
}


def sentence(language: str, rng: random.Random) -> str:
    """One sentence, filled in."""
    return rng.choice(SENTENCES[language]).format(
        thing=rng.choice(THINGS[language]),
        place=rng.choice(PLACES[language]),
        number=f"{rng.choice('ABCDEFGH')}{rng.randrange(10_000, 99_999)}",
    )


def paragraph(language: str, rng: random.Random, *, sentences: int) -> str:
    """Several sentences in a row."""
    return " ".join(f"{sentence(language, rng)}." for _ in range(sentences))


def subject(language: str, rng: random.Random) -> str:
    """What a mail is about, in a few words."""
    return " ".join(sentence(language, rng).split()[:7])
